"""Media sites whose frames are known: patterns of frames, where the frame is, where a reader finds the page."""

from __future__ import annotations

# One line "kind: name on hosts"; for each form of frame its path and query (QUERY: any parameters before this one; what
# follows is passed over), the address of the frame, and, if it has one, that of the page. Groups of the path and {host}
# are filled in.
TABLE = r"""
Video: YouTube on youtube.com youtube-nocookie.com youtubekids.com music.youtube.com
  /embed/(?:videoseries|playlist)/?QUERYlist=(?P<id>[\w-]{6,64})
    https://www.youtube-nocookie.com/embed/videoseries?list={id}
    https://www.youtube.com/playlist?list={id}
  /playlistQUERYlist=(?P<id>[\w-]{6,64})
    https://www.youtube-nocookie.com/embed/videoseries?list={id}
    https://www.youtube.com/playlist?list={id}
  /watchQUERYv=(?P<id>[\w-]{11})
    https://www.youtube-nocookie.com/embed/{id}
    https://www.youtube.com/watch?v={id}
  /(?:embed|v|e)/(?!videoseries|playlist|live_stream)(?P<id>[\w-]{6,20})QUERYstart=(?P<start>\d{1,6})
    https://www.youtube-nocookie.com/embed/{id}?start={start}
    https://www.youtube.com/watch?v={id}&t={start}
  /(?:embed|v|e|shorts|live)/(?!videoseries|playlist|live_stream)(?P<id>[\w-]{6,20})
    https://www.youtube-nocookie.com/embed/{id}
    https://www.youtube.com/watch?v={id}
  /embed/live_streamQUERYchannel=(?P<id>[\w-]{10,40})
    https://www.youtube-nocookie.com/embed/live_stream?channel={id}
    https://www.youtube.com/channel/{id}/live
Video: YouTube on youtu.be
  /(?!embed/)(?P<id>[\w-]{11})
    https://www.youtube-nocookie.com/embed/{id}
    https://www.youtube.com/watch?v={id}
Video: Vimeo on player.vimeo.com
  /video/(?P<id>\d{4,15})QUERYh=(?P<key>[0-9a-f]{6,20})
    https://player.vimeo.com/video/{id}?h={key}
    https://vimeo.com/{id}/{key}
  /video/(?P<id>\d{4,15})
    https://player.vimeo.com/video/{id}
    https://vimeo.com/{id}
Video: Vimeo on vimeo.com
  /(?:channels/\w+/)?(?P<id>\d{4,15})
    https://player.vimeo.com/video/{id}
    https://vimeo.com/{id}
  /event/(?P<id>\d{3,15})/embed
    https://vimeo.com/event/{id}/embed
    https://vimeo.com/event/{id}
Video: Dailymotion on dailymotion.com
  /(?:embed/|swf/)?video/(?P<id>\w{4,20})
    https://www.dailymotion.com/embed/video/{id}
    https://www.dailymotion.com/video/{id}
Video: Dailymotion on geo.dailymotion.com
  /player[\w/.-]*QUERYvideo=(?P<id>\w{4,20})
    https://www.dailymotion.com/embed/video/{id}
    https://www.dailymotion.com/video/{id}
Video: Dailymotion on dai.ly
  /(?P<id>\w{4,20})
    https://www.dailymotion.com/embed/video/{id}
    https://www.dailymotion.com/video/{id}
Video: Twitch on clips.twitch.tv
  /embedQUERYclip=(?P<id>[\w-]{4,100})
    https://clips.twitch.tv/embed?clip={id}
    https://clips.twitch.tv/{id}
Video: Twitch on player.twitch.tv
  /QUERYvideo=v?(?P<id>\d{5,15})
    https://player.twitch.tv/?video={id}
    https://www.twitch.tv/videos/{id}
  /QUERYchannel=(?P<id>\w{3,30})
    https://player.twitch.tv/?channel={id}
    https://www.twitch.tv/{id}
Video: TED on embed.ted.com embed-ssl.ted.com
  /talks/(?P<id>[\w/]{3,120})
    https://embed.ted.com/talks/{id}
    https://www.ted.com/talks/{id}
Video: Arte on arte.tv
  /(?P<id>embeds/[\w/-]{3,80})
    https://www.arte.tv/{id}
  /player/v\d/index\.phpQUERYjson_url=(?P<id>[\w%./:-]{10,300})
    https://www.arte.tv/player/v5/index.php?json_url={id}
Video: Bilibili on player.bilibili.com
  /player\.htmlQUERYbvid=(?P<id>BV\w{8,12})
    https://player.bilibili.com/player.html?bvid={id}
    https://www.bilibili.com/video/{id}
  /player\.htmlQUERYaid=(?P<id>\d{3,15})
    https://player.bilibili.com/player.html?aid={id}
    https://www.bilibili.com/video/av{id}
Video: Rutube on rutube.ru
  /(?:play/embed|video/embed)/(?P<id>\w{4,40})
    https://rutube.ru/play/embed/{id}
    https://rutube.ru/video/{id}/
Video: VK on vk.com vkvideo.ru
  /video_ext\.phpQUERYoid=(?P<owner>-?\d{1,15})&id=(?P<id>\d{1,15})(?:&hash=(?:\w{1,40}))?
    https://vk.com/video_ext.php?oid={owner}&id={id}
    https://vk.com/video{owner}_{id}
Video: OK on ok.ru
  /videoembed/(?P<id>\d{5,20})
    https://ok.ru/videoembed/{id}
    https://ok.ru/video/{id}
Video: Odysee on odysee.com lbry.tv
  /\$/embed/(?P<id>[\w@:%.-]{1,200}(?:/[\w:%.-]{1,100})?)
    https://odysee.com/$/embed/{id}
    https://odysee.com/{id}
Video: Rumble on rumble.com
  /embed/(?P<id>[\w.]{4,20})
    https://rumble.com/embed/{id}/
Video: Loom on loom.com
  /embed/(?P<id>[0-9a-f]{32})
    https://www.loom.com/embed/{id}
    https://www.loom.com/share/{id}
Video: Wistia on fast.wistia.net fast.wistia.com
  /embed/(?:iframe|medias)/(?P<id>\w{8,12})
    https://fast.wistia.net/embed/iframe/{id}
Video: Streamable on streamable.com
  /(?:[eos]/)?(?P<id>\w{4,10})
    https://streamable.com/e/{id}
    https://streamable.com/{id}
Video: TikTok on tiktok.com
  /(?:embed(?:/v2)?|player/v1)/(?P<id>\d{10,25})
    https://www.tiktok.com/embed/v2/{id}
Video: Internet Archive on archive.org
  /embed/(?P<id>[\w.-]{3,100})
    https://archive.org/embed/{id}
    https://archive.org/details/{id}
Video: Kickstarter on kickstarter.com
  /projects/(?P<id>[\w-]{1,60}/[\w-]{1,120})/widget/video\.html
    https://www.kickstarter.com/projects/{id}/widget/video.html
    https://www.kickstarter.com/projects/{id}
Video: C-SPAN on c-span.org
  /video/standalone/QUERY(?P<id>[\w-]{3,40})
    https://www.c-span.org/video/standalone/?{id}
    https://www.c-span.org/video/?{id}
Video: Niconico on embed.nicovideo.jp
  /watch/(?P<id>\w{4,20})
    https://embed.nicovideo.jp/watch/{id}
    https://www.nicovideo.jp/watch/{id}
Video: BitChute on bitchute.com
  /embed/(?P<id>\w{8,16})
    https://www.bitchute.com/embed/{id}/
    https://www.bitchute.com/video/{id}/
Video: CCC on media.ccc.de
  /v/(?P<id>[\w.-]{3,150})/oembed
    https://media.ccc.de/v/{id}/oembed
    https://media.ccc.de/v/{id}
Video: Facebook on facebook.com
  /plugins/video\.phpQUERYhref=(?P<id>https?(?::|%3A)[\w%./:-]{10,300})
    https://www.facebook.com/plugins/video.php?href={id}
Video: Brightcove on players.brightcove.net
  /(?P<account>\d{5,20})/(?P<player>\w{3,40}_\w{3,40})/index\.htmlQUERYvideoId=(?P<id>[\w:-]{5,40})
    https://players.brightcove.net/{account}/{player}/index.html?videoId={id}
Video: JW Player on cdn.jwplayer.com content.jwplatform.com
  /players/(?P<id>\w{8}-\w{8})\.html
    https://cdn.jwplayer.com/players/{id}.html
Audio: SoundCloud on w.soundcloud.com
  /player/?QUERYurl=(?P<id>https?(?::|%3A)[\w%./:-]{10,300})
    https://w.soundcloud.com/player/?url={id}
Audio: Spotify on open.spotify.com embed.spotify.com
  /(?:intl-\w{2}/)?(?:embed|embed-podcast)/(?:intl-\w{2}/)?(?P<id>(?:track|album|playlist|episode|show|artist)/\w{10,40})
    https://open.spotify.com/embed/{id}
    https://open.spotify.com/{id}
Audio: Spotify on embed.spotify.com
  /QUERYuri=spotify(?::|%3A)(?P<what>track|album|playlist|episode|show|artist)(?::|%3A)(?P<id>\w{10,40})
    https://open.spotify.com/embed/{what}/{id}
    https://open.spotify.com/{what}/{id}
Audio: Spotify on podcasters.spotify.com anchor.fm creators.spotify.com
  /(?P<id>(?:pod/(?:show|profile)/)?[\w-]{2,80}/embed(?:/episodes/[\w-]{3,200})?)
    https://{host}/{id}
Audio: Apple on embed.podcasts.apple.com
  /(?P<id>[\w/%.-]{3,200})QUERYi=(?P<episode>\d{5,20})
    https://embed.podcasts.apple.com/{id}?i={episode}
    https://podcasts.apple.com/{id}?i={episode}
  /(?P<id>[\w/%.-]{3,200})
    https://embed.podcasts.apple.com/{id}
    https://podcasts.apple.com/{id}
Audio: Apple on embed.music.apple.com
  /(?P<id>[\w/%.-]{3,200})
    https://embed.music.apple.com/{id}
    https://music.apple.com/{id}
Audio: Bandcamp on bandcamp.com
  /(?:EmbeddedPlayer|VideoEmbed)(?:\.html)?/(?P<id>[\w=/.-]{5,200})
    https://bandcamp.com/EmbeddedPlayer/{id}
Audio: Mixcloud on mixcloud.com player-widget.mixcloud.com
  /widget/iframe/?QUERYfeed=(?P<id>[\w%./:-]{3,200})
    https://player-widget.mixcloud.com/widget/iframe/?feed={id}
Audio: Deezer on widget.deezer.com
  /widget/(?:auto|dark|light)/(?P<id>(?:track|album|playlist|episode|show|artist)/\d{2,20})
    https://widget.deezer.com/widget/auto/{id}
    https://www.deezer.com/{id}
Audio: Tidal on embed.tidal.com
  /(?P<id>(?:tracks|albums|playlists|videos)/[\w-]{4,40})
    https://embed.tidal.com/{id}
Audio: Spreaker on widget.spreaker.com
  /playerQUERY(?P<what>episode|show)_id=(?P<id>\d{3,15})
    https://widget.spreaker.com/player?{what}_id={id}
    https://www.spreaker.com/{what}/{id}
Audio: Libsyn on html5-player.libsyn.com play.libsyn.com
  /embed/episode/id/(?P<id>\d{3,15})
    https://{host}/embed/episode/id/{id}
Audio: Podbean on podbean.com
  /player-v2/?QUERYi=(?P<id>[\w-]{6,60})
    https://www.podbean.com/player-v2/?i={id}
Audio: Buzzsprout on buzzsprout.com
  /(?P<id>\d{2,12}(?:/(?:episodes/)?\d{2,12}(?:-[\w-]{1,150})?)?)
    https://www.buzzsprout.com/{id}?client_source=small_player&iframe=true
    https://www.buzzsprout.com/{id}
Audio: Simplecast on player.simplecast.com
  /(?P<id>[0-9a-f-]{36})
    https://player.simplecast.com/{id}
Audio: Megaphone on player.megaphone.fm playlist.megaphone.fm
  /(?P<id>[A-Z]{2,6}\d{6,14})
    https://player.megaphone.fm/{id}
  /QUERY(?P<what>[ep])=(?P<id>[A-Z]{2,6}\d{6,14})
    https://playlist.megaphone.fm/?{what}={id}
Audio: Acast on embed.acast.com
  /(?P<id>[\w-]{3,80}(?:/[\w-]{3,150})?)
    https://embed.acast.com/{id}
Audio: Transistor on share.transistor.fm
  /e/(?P<id>\w{4,20})
    https://share.transistor.fm/e/{id}
    https://share.transistor.fm/s/{id}
Audio: NPR on npr.org
  /player/embed/(?P<id>\d{5,15}/\d{5,15})
    https://www.npr.org/player/embed/{id}
Code: CodePen on codepen.io
  /(?P<user>[\w-]{1,60})/(?:embed|embed/preview|full|pen)/(?:preview/)?(?P<id>\w{5,40})
    https://codepen.io/{user}/embed/{id}
    https://codepen.io/{user}/pen/{id}
Code: JSFiddle on jsfiddle.net
  /(?P<id>(?:[\w-]{1,60}/)?\w{5,12}(?:/\d{1,4})?)/embedded
    https://jsfiddle.net/{id}/embedded/
    https://jsfiddle.net/{id}/
Code: CodeSandbox on codesandbox.io
  /embed/(?P<id>[\w-]{4,100})
    https://codesandbox.io/embed/{id}
    https://codesandbox.io/s/{id}
Post: Slideshare on slideshare.net
  /slideshow/embed_code/(?:key/)?(?P<id>\w{4,30})
    https://www.slideshare.net/slideshow/embed_code/key/{id}
Post: Datawrapper on datawrapper.dwcdn.net
  /(?P<id>\w{5}(?:/\d{1,4})?)
    https://datawrapper.dwcdn.net/{id}/
Post: Flourish on flo.uri.sh public.flourish.studio
  /(?P<id>(?:visualisation|story)/\d{3,12})(?:/embed)?
    https://flo.uri.sh/{id}/embed
    https://public.flourish.studio/{id}/
Post: Instagram on instagram.com
  /(?P<what>p|reel|tv)/(?P<id>[\w-]{5,40})/embed(?:/captioned)?
    https://www.instagram.com/{what}/{id}/embed/
    https://www.instagram.com/{what}/{id}/
Post: X on platform.twitter.com platform.x.com
  /embed/(?:index|Tweet)\.htmlQUERYid=(?P<id>\d{5,25})
    https://platform.twitter.com/embed/Tweet.html?id={id}
    https://x.com/i/status/{id}
Post: Bluesky on embed.bsky.app
  /embed/(?P<id>did:[a-z]+:[\w.:%-]{5,100}/app\.bsky\.feed\.post/\w{5,30})
    https://embed.bsky.app/embed/{id}
Post: Reddit on redditmedia.com embed.reddit.com
  /(?P<id>r/\w{2,30}/comments/\w{4,12}(?:/[\w%-]{1,150})?)
    https://embed.reddit.com/{id}/
    https://www.reddit.com/{id}/
"""

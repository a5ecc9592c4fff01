# ruff: noqa: E501  # word lists
"""Words of several languages and scripts, for documents that look like real ones."""

from __future__ import annotations

_TEXTS = {
    "en": "harbour clock tide ferry lathe spring letter machine garden river signal copper paper winter lantern kernel "
    "index queue thread cache market season bridge museum string compass orchard ladder window granite violin the of "
    "and to in is that for it with as on be at by this from or which an are was have not but",
    "de": "der die das und Straße Brücke Hafen Uhr Zeitung Frühling größer kälter schön Mühle Gärten über Flüsse Wörter "
    "lesen schreiben Maschine Fenster Bäcker nicht auch eine werden können müssen für heißt Übung",
    "fr": "le la les été hiver château fenêtre forêt garçon leçon français déjà où être même naïf cœur œuvre lire écrire "
    "journal réseau machine jardin rivière lumière après très année préféré",
    "es": "el la los año niño mañana corazón canción pequeño también según río jardín máquina periódico leer escribir "
    "ventana puente reloj lámpara invierno español razón después está aquí",
    "ru": "и в на не что город река мост часы письмо машина сад окно зима весна лето осень свет газета читать писать "
    "новости погода сегодня завтра вчера хорошо работа дорога история музыка книга время слово",
    "bg": "и на за от се да град река мост часовник писмо машина градина прозорец зима пролет светлина вестник чета "
    "новини време днес утре работа история музика книга дума",
    "el": "και το της ποτάμι γέφυρα ρολόι γράμμα μηχανή κήπος παράθυρο χειμώνας άνοιξη φως εφημερίδα διαβάζω νέα "
    "καιρός σήμερα αύριο δουλειά δρόμος ιστορία μουσική βιβλίο λέξη",
    "ja": "今日は 天気が 良い 新しい 記事を 読む 書く 川の 橋 時計 手紙 機械 庭園 窓 冬 春 光 新聞 仕事 道路 歴史 "
    "音楽 本棚 言葉 プログラム サーバー ネットワーク",
    "zh": "今天 天气 很好 新的 文章 阅读 写作 河流 桥梁 时钟 信件 机器 花园 窗户 冬天 春天 光线 报纸 工作 道路 "
    "历史 音乐 书籍 词语 程序 服务器 网络",
    "ko": "오늘 날씨 좋다 새로운 기사 읽다 쓰다 강물 다리 시계 편지 기계 정원 창문 겨울 봄날 빛 신문 일 길 역사 음악 "
    "책 단어 프로그램 서버",
    "ar": "اليوم الطقس جميل جديد مقال قراءة كتابة نهر جسر ساعة رسالة آلة حديقة نافذة شتاء ربيع ضوء صحيفة عمل طريق "
    "تاريخ موسيقى كتاب كلمة",
    "hi": "आज मौसम अच्छा नया लेख पढ़ना लिखना नदी पुल घड़ी पत्र मशीन बगीचा खिड़की सर्दी वसंत प्रकाश अखबार काम सड़क "
    "इतिहास संगीत किताब शब्द",
}
LANGUAGES = {name: text.split() for name, text in _TEXTS.items()}
BY_CHARSET = {
    "utf-8": ["en"] * 12 + ["de", "fr", "es", "ru", "el", "ja", "ja", "zh", "ko", "ar", "hi"],
    "windows-1251": ["ru", "ru", "ru", "bg"],
    "iso-8859-1": ["de", "es", "en"],
}

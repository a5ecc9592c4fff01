"""All settings, read once from the environment (EVANTR_*) or .env and passed down. docs/settings.md lists them."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from reader.secret_files import SecretFiles

Network = IPv4Network | IPv6Network
MEMCACHED_PORT = 11211
NODE = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>[0-9]{1,5}))?")


class Settings(BaseSettings):
    """Frozen; every process builds its own from the same environment."""

    model_config = SettingsConfigDict(env_prefix="EVANTR_", env_file=".env", frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = SecretFiles(settings_cls, env_settings, dotenv_settings)
        return init_settings, files, env_settings, dotenv_settings

    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the web server listens on; 0 takes a free one.")
    data: Path = Field(Path("data"), description="Folder of the database and everything else that is kept.")
    base_url: str = Field(
        "",
        description="Public address, such as https://read.example.org; hubs of feeds call back there. Empty: the"
        " address of each request, and no hub is asked.",
    )
    cluster: str = Field(
        "evantr",
        pattern=r"[a-z0-9][a-z0-9_-]{0,31}",
        description="Name of this installation, which keeps it apart from others on the same memcached and NATS.",
    )
    cache: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="memcached nodes as host:port, separated by commas. Empty: a cache in each process."
    )
    store: str = Field(
        "", description="MongoDB that keeps all, as mongodb://host/name. Empty: a SQLite file in the data folder."
    )
    bus: str = Field(
        "", description="NATS servers that carry events between processes, as nats://host:port. Empty: in the process."
    )
    queue: str = Field(
        "", description="NATS servers with JetStream that carry jobs, as nats://host:port. Empty: in the process."
    )
    secret: str = Field(
        "",
        pattern=r"^$|^.{32,}$",
        description="Signs addresses of pictures: 32 characters or more, the same for all web processes. Empty: a key"
        " in the data folder, which does for one.",
    )
    signup: Literal["open", "invitation", "closed"] = Field(
        "closed", description="Who may make an account once the first one exists."
    )
    fetch_allow: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks that may be fetched though private, separated by commas, such as 127.0.0.0/8."
    )
    user_agent: str = Field("Evantr/0.1 (feed reader)", description="User-Agent of every outgoing request.")
    fetch_timeout: float = Field(30, gt=0, description="Total time of one fetch in seconds, redirects included.")
    fetch_max_bytes: int = Field(10_000_000, gt=0, description="Largest body of a fetch in bytes, decoded.")
    fetch_per_host: int = Field(4, gt=0, description="Concurrent requests to one host.")
    fetch_concurrency: int = Field(200, gt=0, description="Concurrent pulls in one process.")
    queues_file: str = Field(
        "", description="Settings file of queues (TOML); empty: queues.toml in the data folder, if there is one."
    )
    pool_workers: int = Field(1, ge=1, description="CPU processes that parse and clean.")
    discovery_wait: float = Field(5, ge=0, description="Seconds that a page waits for a discovery.")
    discovery_ttl: int = Field(7200, ge=0, description="Seconds that a discovery's answer is kept.")
    crawl_pages: int = Field(15, ge=0, description="Pages of a site that a crawl for a feed reads; 0: no crawl.")
    crawl_pause: float = Field(1, ge=0, description="Seconds between two pages of a crawl.")
    initial_unread: int = Field(20, ge=0, description="Newest entries that are unread after subscribing.")
    feed_keep: int = Field(10_000, ge=100, description="Entries kept per feed; older ones are purged unless starred.")
    session_days: int = Field(90, ge=1, description="Days of inactivity after which a session ends.")
    cookie_secure: bool = Field(False, description="Send cookies over https only; set it behind a TLS proxy.")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks whose X-Forwarded-For and -Proto headers are believed, separated by commas."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["text", "json"] = Field("text", description="Shape of log lines.")
    heartbeat_url: str = Field("", description="Webhook that gets the figures once an hour. Empty: none does.")
    heartbeat_secret: str = Field("", description="Signs the heartbeat (HMAC-SHA256). Empty: it is not signed.")
    admin_url: str = Field("", description="Where `evantr admin` finds Evantr. Empty: the host and port of this table.")
    admin_token: str = Field("", description="Token of an administrator for `evantr admin`; see `evantr token add`.")
    alive_file: str = Field(
        "",
        description="File that a process writes each time that it told the store how it is, every 2 seconds; for"
        " health checks of processes without a port. Empty: none.",
    )
    metrics_public: bool = Field(False, description="Answer /metrics to any address, not to loopback alone.")

    @field_validator("cache", mode="before")
    @classmethod
    def _nodes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = [NODE.fullmatch(part.strip()) for part in value.split(",") if part.strip()]
        if None in found:
            raise ValueError("nodes are written as host:port, separated by commas")
        return tuple(f"{node['host']}:{node['port'] or MEMCACHED_PORT}" for node in found if node)

    @field_validator("fetch_allow", "trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

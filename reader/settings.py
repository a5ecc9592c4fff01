"""All settings, read once from the environment (EVANTR_*) or .env and passed down. docs/settings.md lists them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """Frozen; every process builds its own from the same environment."""

    model_config = SettingsConfigDict(env_prefix="EVANTR_", env_file=".env", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the web server listens on; 0 takes a free one.")
    data: Path = Field(Path("data"), description="Folder of the database and everything else that is kept.")
    base_url: str = Field(
        "", description="Public address, such as https://read.example.org. Empty: the address of each request."
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
    metrics_public: bool = Field(False, description="Answer /metrics to any address, not to loopback alone.")

    @field_validator("fetch_allow", "trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

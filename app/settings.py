"""Every setting, with its default and a sentence. Set one by its AFTERBEEP_… variable or by its flag, if it has one."""

import re
import socket
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from analysis.speech.transcriber import Device, Precision
from models.playbook import Retention

Queue = Literal["urgent", "recordings", "fetches"]
QUEUES: Final[tuple[Queue, ...]] = get_args(Queue)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="AFTERBEEP_", frozen=True, extra="ignore")

    host: str = Field(
        "127.0.0.1", description="Address the service listens on; only this machine can reach the default."
    )
    port: int = Field(8000, ge=0, le=65535, description="Port the service listens on.")
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("afterbeep"), description="Folder of the recordings and the database."
    )
    database_url: SecretStr | None = Field(
        None,
        description="Database of rows and jobs, such as postgresql+psycopg://user:password@host/afterbeep, which many "
        "services and workers may share; without it SQLite in the data folder.",
    )
    audio_url: str | None = Field(
        None,
        pattern=r"^[a-z0-9+]+://",
        description="Bucket of the recordings, such as s3://bucket/folder; without it a folder in the data folder. S3 "
        "needs the extra `s3`; its credentials and endpoint are found where AWS tools find theirs.",
    )
    encrypt_audio: bool = Field(
        False, description="Encrypt recordings at rest, with the key that encrypts stored credentials."
    )
    model_dir: Path = Field(
        default_factory=lambda: user_cache_path("afterbeep") / "models", description="Folder of the speech models."
    )
    engine: Literal["openai-whisper", "faster-whisper"] = Field(
        "openai-whisper", description="Speech engine; faster-whisper needs the extra `fast`."
    )
    model: str = Field(
        "base", description="Speech model: a Whisper model's name, or the path of what the engine loads."
    )
    device: Device = Field(
        "auto", description="Where speech is transcribed: cpu, cuda, or auto for the better there is."
    )
    precision: Precision = Field(
        "auto",
        description="Precision of the engine: float32, bfloat16, float16, int8 (faster-whisper only), or auto.",
    )
    batch_size: int | None = Field(
        None, ge=1, description="Recordings decoded together by each core or GPU; without it 16 and 64."
    )
    language: str = Field("en", description="Language spoken, as Whisper's code; auto lets Whisper decide.")
    verbatim: bool = Field(
        False,
        description="Write down um and uh where they are heard: more fillers are counted, other words suffer a little.",
    )
    playbook: str = Field("cold-outreach", description="Playbook used where a request names none.")
    max_upload_mb: float = Field(50.0, gt=0, description="Largest recording taken, in megabytes.")
    max_duration_s: float = Field(600.0, gt=0, description="Longest recording taken, in seconds.")
    max_queued: int = Field(
        100_000,
        ge=1,
        description="Most recordings of a workspace that may wait; more get 429 until some are done.",
    )
    min_free_mb: float = Field(
        200.0, ge=0, description="Room left free on the disk of the recordings, in megabytes; with less, none is taken."
    )
    max_attempts: int = Field(
        5, ge=1, description="How often a recording is begun before it is given up, should its worker keep dying."
    )
    drain_s: int = Field(
        20, ge=0, description="How long a worker that is told to stop goes on with what it has begun, in seconds."
    )
    worker_id: str = Field(
        default_factory=socket.gethostname,
        description="Name of this machine's worker; keep it stable, so that a restart resumes what was running.",
    )
    gone_after_s: float = Field(
        60.0,
        ge=2,
        description="How long a worker may be silent before others do what it had begun, in seconds; the same for all.",
    )
    queues: Annotated[tuple[Queue, ...], NoDecode] = Field(
        QUEUES,
        description="Queues a worker takes from, with commas: urgent, which somebody waits for, recordings, which are "
        "all others, and fetches, of what is given by address. With fetches alone it loads no model.",
    )
    rewrite_url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="OpenAI-compatible address, such as http://127.0.0.1:11434/v1, asked for a rewrite when a person "
        "presses the button; transcripts go there, telephone numbers masked. Off without it and a model.",
    )
    rewrite_model: str | None = Field(None, description="Language model asked for there.")
    rewrite_api_key: SecretStr | None = Field(None, description="Key sent there, where it wants one.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Address under which others reach the service, such as https://afterbeep.example.com; some tools "
        "sign it, and links in webhooks begin with it. Without it the address of the request.",
    )
    rate_limit_per_minute: int = Field(
        600, ge=0, description="Requests a minute that each person and each key may make of the API; 0 for no limit."
    )
    fetch_hosts: str = Field(
        "", description="Hosts recordings may be fetched from, such as *.example.com, with commas; else any public one."
    )
    fetch_timeout_s: float = Field(120.0, gt=0, description="Longest a recording may take to arrive, in seconds.")
    fetch_retry_s: float = Field(
        3600.0, ge=0, description="How long fetching a recording is tried again, in seconds, if its link lives as long."
    )
    fetch_inside: bool = Field(
        False,
        description="Fetch, and send webhooks, over plain http and from addresses inside this network too; for tests "
        "only.",
    )
    oidc_issuer: str | None = Field(
        None,
        pattern=r"^https?://",
        description="OpenID Connect provider at which people can sign in, such as https://accounts.example.com; the "
        "accounts are still made here, and found by the e-mail address it vouches for. Needs the extra `oidc`.",
    )
    oidc_client_id: str | None = Field(None, description="Client id of Afterbeep at that provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="Client secret there, where it wants one.")
    secret_key: SecretStr | None = Field(
        None,
        description="Fernet key that encrypts stored credentials and links; more after it, with spaces, open what "
        "older keys sealed. Without it secret.key in the data folder.",
    )
    keep_audio_h: float | None = Field(
        None,
        gt=0,
        description="Hours after which a recording and its copy are deleted; the report stays. Off without it; a "
        "playbook may say less.",
    )
    keep_transcript_h: float | None = Field(
        None,
        gt=0,
        description="Hours after which its words are deleted, and every quote of them; score, findings and measures "
        "stay. Off without it; a playbook may say less.",
    )
    keep_report_h: float | None = Field(
        None,
        gt=0,
        description="Hours after which everything of a recording is deleted. Off without it; a playbook may say less.",
    )
    ranking: bool = Field(
        False,
        description="List reps in trends by their median score; without it by name, so that nobody is ranked.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    log_format: Literal["plain", "json"] = Field(
        "plain", description="Log lines to read, or json: an object a line, with a line for each request."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token with which /metrics may be read, beside an admin's key."
    )

    @field_validator("database_url")
    @classmethod
    def _of_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url and not re.match(r"postgresql(\+psycopg)?://", url.get_secret_value()):
            raise ValueError("must begin with postgresql+psycopg://; without it SQLite in the data folder is used")
        return url

    @field_validator("precision")
    @classmethod
    def _known_to_the_engine(cls, precision: Precision, info: ValidationInfo) -> Precision:
        if precision == "int8" and info.data.get("engine") == "openai-whisper":
            raise ValueError("openai-whisper has no int8; choose the engine faster-whisper")
        return precision

    @field_validator("queues", mode="before")
    @classmethod
    def _queues_there_are(cls, queues: Any) -> Any:
        if not isinstance(queues, str):
            return queues
        named = tuple(dict.fromkeys(queues.replace(",", " ").split()))
        known = f"name one or more of {', '.join(QUEUES)}, with commas"
        if not named:
            raise ValueError(f"no queue is named; {known}")
        if unknown := [name for name in named if name not in QUEUES]:
            raise ValueError(f"there is no queue {unknown[0]}; {known}")
        return named

    @property
    def transcribes(self) -> bool:
        """Whether a worker with these settings needs a speech model."""
        return set(self.queues) != {"fetches"}

    @property
    def max_upload_bytes(self) -> int:
        return int(self.max_upload_mb * 1_000_000)

    @cached_property
    def database(self) -> str:
        if self.database_url is None:
            return f"sqlite:///{self.database_file}"
        return self.database_url.get_secret_value()

    @property
    def database_file(self) -> Path | None:
        """None where the database is a server's."""
        return None if self.database_url else self.data_dir / "afterbeep.db"

    @property
    def retention(self) -> Retention:
        return Retention(audio_h=self.keep_audio_h, transcript_h=self.keep_transcript_h, report_h=self.keep_report_h)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        return tuple(self.fetch_hosts.replace(",", " ").split())

    @property
    def spoken_language(self) -> str | None:
        return None if self.language == "auto" else self.language

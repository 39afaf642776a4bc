"""Every failure someone can meet, with a stable code, an HTTP status and a sentence that helps.

AfterbeepError
├── RecordingError            the recording cannot become a report, however often it is tried
│   ├── EmptyFile             empty_file
│   ├── NotAudio              not_audio
│   ├── TooLong               too_long
│   ├── TooLarge              too_large
│   ├── DecoderCrashed        decoder_crashed
│   ├── DecoderTooSlow        decoder_too_slow
│   ├── DecoderOutOfMemory    decoder_out_of_memory
│   ├── FetchError            the recording did not come from where it was to be fetched
│   │   ├── FetchRefused      fetch_refused
│   │   ├── FetchDenied       fetch_denied
│   │   ├── FetchFailed       fetch_failed
│   │   └── FetchTooLarge     fetch_too_large
│   └── NoSpeech              no_speech
│       └── NothingAfterBeep  nothing_after_beep
├── ModelError                the speech model is not there, or not whole
│   ├── UnknownModel          unknown_model
│   ├── MissingModel          missing_model
│   ├── DamagedModel          damaged_model
│   └── MissingExtra          missing_extra
├── PlaybookError             the playbook cannot be used
│   ├── InvalidPlaybook       invalid_playbook
│   ├── UnknownPlaybook       unknown_playbook
│   └── ShippedPlaybook       shipped_playbook
├── RequestError              the request cannot be carried out as it is
│   ├── NotFound              not_found
│   ├── AudioRemoved          audio_removed
│   ├── TranscriptRemoved     transcript_removed
│   ├── NotReady              not_ready
│   ├── OnHold                on_hold
│   ├── InvalidRequest        invalid_request
│   ├── IdempotencyKeyReused  idempotency_key_reused
│   ├── CrossSite             cross_site
│   ├── NotSignedIn           not_signed_in
│   │   ├── WrongPassword     wrong_password
│   │   ├── SignInFailed      sign_in_failed
│   │   └── WrongKey          wrong_key
│   ├── NotAllowed            not_allowed
│   ├── RateLimited           rate_limited
│   ├── LinkExpired           link_expired
│   ├── AlreadyThere          already_there
│   ├── RewriteOff            rewrite_off
│   ├── EventRefused          event_refused
│   ├── EventUnsigned         event_unsigned
│   └── InvalidEvent          invalid_event
├── Outage                    what the service rests on does not answer; nothing was done, and it can be tried again
│   ├── StorageUnavailable    storage_unavailable
│   ├── StorageFull           storage_full
│   ├── DatabaseUnavailable   database_unavailable
│   ├── DecoderUnavailable    decoder_unavailable
│   └── Busy                  busy
├── SecretUnreadable          secret_unreadable
└── AnalysisFailed            analysis_failed
"""

from typing import ClassVar

from pydantic.alias_generators import to_snake


class AfterbeepError(Exception):
    """`str(error)` is a sentence for a person; `code`, the class's name, never changes; `status` is what HTTP says."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init_subclass__(cls) -> None:
        cls.code = to_snake(cls.__name__)


class RecordingError(AfterbeepError):
    status = 422


class EmptyFile(RecordingError):
    title = "Empty file"


class NotAudio(RecordingError):
    status = 415
    title = "Not an audio file"


class TooLong(RecordingError):
    title = "Recording too long"


class TooLarge(RecordingError):
    status = 413
    title = "File too large"


class DecoderCrashed(RecordingError):
    title = "Damaged recording"


class DecoderTooSlow(RecordingError):
    title = "Recording takes too long to read"


class DecoderOutOfMemory(RecordingError):
    title = "Recording needs too much memory"


class FetchError(RecordingError):
    """With `passing`, another attempt may succeed."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class FetchRefused(FetchError):
    title = "Address not allowed"


class FetchDenied(FetchError):
    title = "Recording not handed out"


class FetchFailed(FetchError):
    title = "Recording could not be fetched"


class FetchTooLarge(FetchError):
    title = "Recording too large to fetch"


class NoSpeech(RecordingError):
    title = "No speech found"


class NothingAfterBeep(NoSpeech):
    title = "Nothing said after the beep"


class ModelError(AfterbeepError):
    status = 503


class UnknownModel(ModelError):
    title = "Unknown speech model"


class MissingModel(ModelError):
    title = "Speech model missing"


class DamagedModel(ModelError):
    title = "Speech model damaged"


class MissingExtra(ModelError):
    title = "Optional part not installed"


class PlaybookError(AfterbeepError):
    status = 422


class InvalidPlaybook(PlaybookError):
    """Of which text it is, and in which line if one is to blame."""

    title = "Invalid playbook"

    def __init__(self, source: str, reason: str, line: int | None = None) -> None:
        self.source, self.reason, self.line = source, reason, line
        super().__init__(f"{source}{f', line {line}' if line else ''}: {reason}")


class UnknownPlaybook(PlaybookError):
    title = "Unknown playbook"


class ShippedPlaybook(PlaybookError):
    status = 409
    title = "Playbook cannot be changed"


class RequestError(AfterbeepError):
    status = 400


class NotFound(RequestError):
    status = 404
    title = "Not found"


class AudioRemoved(RequestError):
    status = 410
    title = "Audio removed"


class TranscriptRemoved(RequestError):
    status = 410
    title = "Transcript removed"


class NotReady(RequestError):
    status = 409
    title = "Not ready yet"


class OnHold(RequestError):
    status = 409
    title = "On hold"


class InvalidRequest(RequestError):
    status = 422
    title = "Invalid request"


class IdempotencyKeyReused(RequestError):
    status = 422
    title = "Idempotency key reused"


class CrossSite(RequestError):
    status = 403
    title = "Request from another site"


class NotSignedIn(RequestError):
    status = 401
    title = "Please sign in"


class WrongPassword(NotSignedIn):
    title = "Wrong address or password"


class SignInFailed(NotSignedIn):
    title = "Sign-in failed"


class WrongKey(NotSignedIn):
    title = "Unknown API key"


class NotAllowed(RequestError):
    status = 403
    title = "Not allowed"


class RateLimited(RequestError):
    status = 429
    title = "Too many requests"


class LinkExpired(RequestError):
    status = 410
    title = "Link expired"


class AlreadyThere(RequestError):
    status = 409
    title = "Already there"


class RewriteOff(RequestError):
    status = 409
    title = "Rewriting by a language model is off"


class EventRefused(RequestError):
    status = 401
    title = "Event not signed as agreed"


class EventUnsigned(RequestError):
    status = 503
    title = "Event came without its signature"


class InvalidEvent(RequestError):
    status = 422
    title = "Event cannot be read"


class Outage(AfterbeepError):
    retry_after_s: ClassVar[int] = 10
    status = 503


class StorageUnavailable(Outage):
    title = "Recordings cannot be stored or read at the moment"


class StorageFull(Outage):
    status = 507
    retry_after_s = 60
    title = "No room left"


class DatabaseUnavailable(Outage):
    title = "Database does not answer"


class DecoderUnavailable(Outage):
    title = "Recordings cannot be read at the moment"


class Busy(Outage):
    status = 429
    retry_after_s = 60
    title = "Too much is waiting"


class SecretUnreadable(AfterbeepError):
    title = "Stored secret cannot be read"


class AnalysisFailed(AfterbeepError):
    title = "Analysis failed"

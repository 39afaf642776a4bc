"""What the service rests on, when it does not answer: told from faults of our own, and outlasted by workers."""

import errno
import logging
import threading
import time
from collections.abc import Callable
from itertools import chain, repeat
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from models.errors import DatabaseUnavailable, Outage, StorageFull, StorageUnavailable

log = logging.getLogger(__name__)

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
PAUSES_S: Final = (1, 2, 5, 10)  # the last again and again
PATIENCE_S: Final = 24 * 3600.0  # then it is no outage any more
Done = TypeVar("Done")


def outage_of(error: Exception) -> Outage | None:
    """The outage an error tells of; None if it is another fault."""
    if isinstance(error, Outage):
        return error
    if isinstance(error, DBAPIError):
        if "disk is full" in str(error.orig) or "No space left" in str(error.orig):
            return StorageFull("There is no room left for the database. Nothing was stored; please try again later.")
        if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
            return DatabaseUnavailable("The database does not answer at the moment. Please try again shortly.")
        return None
    if isinstance(error, OSError):
        return storage_outage(error)
    return None


def storage_outage(error: OSError) -> Outage:
    if error.errno in FULL:
        return StorageFull("There is no room left for recordings. Nothing was stored; please try again later.")
    return StorageUnavailable("Recordings cannot be stored or read at the moment. Please try again shortly.")


def outlast(work: Callable[[], Done], pause: Callable[[float], None] = time.sleep) -> Done:
    """Do what can be done again, as often as an outage ends it. Raises an outage of a day, and other errors at once."""
    began_s = time.monotonic()
    pauses_s = chain(PAUSES_S, repeat(PAUSES_S[-1]))
    while True:
        try:
            return work()
        except (Outage, DBAPIError) as error:
            outage = outage_of(error)
            if outage is None or time.monotonic() - began_s > PATIENCE_S:
                raise
            pause_s = next(pauses_s)
            log.warning("%s; trying again in %d s", outage.code, pause_s)
            pause(pause_s)


def keep_doing(work: Callable[[], object], every_s: float, stop: threading.Event) -> None:
    """Until `stop` is set, through whatever the database does meanwhile."""
    while not stop.is_set():
        try:
            work()
        except DBAPIError:
            log.warning("the database does not answer", exc_info=True)
        stop.wait(every_s)

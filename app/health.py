"""Whether the service lives, and whether it can take work."""

from fastapi import APIRouter, Request, Response

from app.metrics import living

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The service is running")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", summary="The service can take recordings", responses={503: {"description": "Not ready."}})
def readyz(request: Request, response: Response) -> dict[str, str]:
    """`workers` tells whether one was heard of within a minute. Without one recordings are kept, and wait."""
    checks = {"database": request.app.state.workspaces.store.ping, "audio": request.app.state.audio.ping}
    found: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
            found[name] = "ok"
        except Exception as error:  # whatever it is, it is the answer
            found[name] = type(error).__name__
            response.status_code = 503
    if found["database"] == "ok":
        found["workers"] = "ok" if living(request.app.state.workspaces.store.engine) else "none"
    return found

"""Whether the service lives, and whether it can take work."""

from fastapi import APIRouter, Request, Response

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The service is running")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", summary="The service can take recordings", responses={503: {"description": "Not ready."}})
def readyz(request: Request, response: Response) -> dict[str, str]:
    checks = {"database": request.app.state.store.ping, "audio": request.app.state.audio.ping}
    found: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
            found[name] = "ok"
        except Exception as error:  # whatever it is, it is the answer
            found[name] = f"{type(error).__name__}"
            response.status_code = 503
    return found

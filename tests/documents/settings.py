"""docs/settings.md: its table."""

from pydantic.fields import FieldInfo

from app.settings import Settings

HEAD = "| variable | default | what it does |\n|---|---|---|\n"


def settings_markdown(page: str) -> str:
    introduction = page.partition(HEAD)[0]
    prefix = Settings.model_config["env_prefix"]
    rows = (
        f"| `{prefix}{name.upper()}` | {_default(one)} | {one.description} |"
        for name, one in Settings.model_fields.items()
    )
    return introduction + HEAD + "\n".join(rows) + "\n"


def _default(one: FieldInfo) -> str:
    if one.default_factory is not None:
        return "of this machine"
    if isinstance(one.default, bool):
        return f"`{str(one.default).lower()}`"
    if isinstance(one.default, tuple):
        return f"`{','.join(one.default)}`"
    return "not set" if one.default in (None, "") else f"`{one.default}`"

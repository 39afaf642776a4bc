"""docs/integrations.md: a section for each calling tool."""

from collections.abc import Iterable

from app.integrations import INTEGRATIONS, Integration
from app.integrations.base import Setting


def tools_markdown(page: str) -> str:
    introduction = page.partition("\n## ")[0].rstrip()
    return "\n\n".join([introduction, *(part for tool in INTEGRATIONS for part in _section(tool))]) + "\n"


def _section(tool: Integration) -> Iterable[str]:
    yield f"## {tool.title}"
    yield f"As `{tool.name}`."
    yield "\n".join(f"{number}. {step}" for number, step in enumerate(tool.setup, 1))
    yield "| credential | | |\n|---|---|---|\n" + "\n".join(map(_row, tool.settings))
    yield f"A voicemail of ours is known by this: {tool.known_from}"
    hosts = ", ".join(f"`{host}`" for host in tool.hosts) or "any public host, unless you name some"
    lives = f" Links live {tool.link_lives_s // 60} minutes." if tool.link_lives_s else ""
    yield f"Recordings come from: {hosts}.{lives}"
    if tool.unsure:
        yield f"Not verified with a real account: {tool.unsure}"


def _row(setting: Setting) -> str:
    told = [setting.help] if setting.help else []
    if setting.default:
        told.append(f"Without it `{setting.default}`.")
    elif not setting.required:
        told.append("May be left out.")
    if setting.choices:
        told.append(f"One of {', '.join(setting.choices)}.")
    return f"| `{setting.name}` | {setting.label} | {' '.join(told)} |"

from tests.documents import DOCS, WRITTEN, rewritten

for name in WRITTEN:
    (DOCS / name).write_text(rewritten(name)[1], "utf-8")

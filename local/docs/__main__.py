"""Write the documents that are made from the code."""

from __future__ import annotations

from local.docs.payload_variables import DOCUMENT, document


def main() -> None:
    """Write them."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(f"[docs] {DOCUMENT.name}")


if __name__ == "__main__":
    main()

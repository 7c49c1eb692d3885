"""Write the documents that are made from the code."""

from __future__ import annotations

from local.docs import payload_variables, personal_data


def main() -> None:
    """Write them."""
    for page in (payload_variables, personal_data):
        page.DOCUMENT.write_text(page.document(), encoding="utf-8")
        print(f"[docs] {page.DOCUMENT.name}")


if __name__ == "__main__":
    main()

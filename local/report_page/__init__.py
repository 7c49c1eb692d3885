"""The report as a page: the report views read into values, and one HTML file in Portuguese made from them.

The page has no script and loads nothing: its charts are SVG, so it opens from a disk, a phone's file viewer or a mail.
"""

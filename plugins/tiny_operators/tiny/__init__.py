"""Tiny's API as it answers: services, answers, encodings, pages of the search, and the pace of calls.

Pure: nothing here sends a request (``hooks/tiny.py`` does), or knows what the pipeline does with an answer.
"""

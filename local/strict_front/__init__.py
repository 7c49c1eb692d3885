"""Refuse what Google's services would refuse, before an emulator takes it."""

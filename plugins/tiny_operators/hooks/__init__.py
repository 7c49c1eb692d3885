"""Hooks: they talk to services and own pace, retries and secrets."""

"""Checks of the Terraform in ``deploy/terraform`` that need neither Google, nor a provider, nor a network.

    .local/venv/deploy/bin/python -m deploy.terraform_check

It reads the files as Terraform does (``python-hcl2``), and holds each argument and block against the providers' own
bindings, whose version is the one that ``versions.tf`` asks for. ``terraform validate`` would need the providers.
"""

"""The infrastructure of the pipeline in a project, by Terraform or OpenTofu.

    make plan PROJECT=my-project      # shows what would be created or changed
    make deploy PROJECT=my-project    # the same, asks, and does it

Both may be run again at any time.
"""

"""A script of gcloud commands that creates what ``deploy/terraform`` creates, for people without Terraform.

    python -m deploy.gcloud_script --project my-project > create.sh

It is made from the same settings: ``settings.yaml``, ``platform.yaml`` and ``include/stores.yaml``. Each command may be
run again. It creates, and changes nothing that is there. It makes no alerts and no dashboard.
"""

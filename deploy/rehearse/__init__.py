"""A rehearsal on a real Google Cloud project: what the pipeline will do there, tried in scratch things that go again.

    python -m deploy.rehearse --project my-project

It needs Google credentials and the packages of an Airflow environment. It writes only into datasets of its own, and
into a folder of its own in a bucket; no order, table or file of a store is touched.
"""

variable "project" {
  description = "Id of the Google Cloud project. All other settings are in deploy/settings.yaml and include/stores.yaml."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "It is the id of a project, not its name or number: gcloud projects list."
  }
}

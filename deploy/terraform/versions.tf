terraform {
  # OpenTofu from 1.6 on fits as well.
  required_version = ">= 1.5"

  required_providers {
    # The version whose arguments the tests know. Another one may refuse some.
    google = {
      source  = "hashicorp/google"
      version = "6.50.0"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "2.7.1"
    }
  }
}

provider "google" {
  project        = var.project
  region         = local.settings.region
  default_labels = local.labels
}

# Budgets and quotas are asked for in the name of the project; with the credentials of a person, Google wants to be told which.
provider "google" {
  alias                 = "in_the_name_of_the_project"
  project               = var.project
  billing_project       = var.project
  user_project_override = true
  default_labels        = local.labels
}

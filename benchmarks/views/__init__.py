"""What the views take: time of each for a month and for a year, and what it reads of the tables."""

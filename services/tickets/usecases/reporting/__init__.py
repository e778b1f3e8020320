"""What is said of the clocks afterwards: results, attainment, exemptions, what-if, monthly reviews and recognition."""

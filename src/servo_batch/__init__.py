"""servo-batch: both Optune drivers, adjust and measure, for a batch job."""

__version__ = "1.0.0"

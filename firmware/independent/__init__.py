"""Benchmarks of others whose figures on silicon are public: CoreMark and Dhrystone, fetched by name and version, and our ports."""

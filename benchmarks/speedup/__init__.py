"""The speed-up table: what each build of an inference costs, beside the published figures."""

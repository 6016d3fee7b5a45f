"""Trees, groups, components and imputation."""

"""What watches a platform: dashboards, rules, and the collector's configuration."""

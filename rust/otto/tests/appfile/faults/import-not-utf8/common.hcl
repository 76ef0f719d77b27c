# Käse

//! What belongs to one application, on the disk.

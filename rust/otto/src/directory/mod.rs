//! Records and blobs, from one run to the next.

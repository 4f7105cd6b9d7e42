"""XDF (LabRecorder, and our own recorder): one stream's samples and all streams' markers."""

"""The XDF format: encode, decode, headers. Layout: XDF specification, github.com/sccn/xdf/wiki."""

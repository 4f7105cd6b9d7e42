class ListPortInfo:
    device: str
    description: str

def comports(include_links: bool = ...) -> list[ListPortInfo]: ...

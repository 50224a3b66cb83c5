"""What the writers of modules share: parameters as Python types and texts, and numpydoc pieces."""
import textwrap


def python_type(param):
    if param["type"] == "choice":
        return f"Literal[{', '.join(repr(one) for one in param['choices'])}]"
    return {"number": "float", "integer": "int", "flag": "bool", "text": "str"}[param["type"]]


def fallback(param):
    value = param["fallback"]
    if param["automatic"]:
        return "None"
    return repr(int(value)) if param["type"] == "integer" else repr(value)


def bounds(param):
    low, high = param["min"], param["max"]
    if low == float("-inf") and high == float("inf"):
        return ""
    return f" Between {low:g} and {high:g}." if high != float("inf") else f" At least {low:g}."


def wrapped(text, indent):
    return textwrap.fill(text, 100, initial_indent=indent, subsequent_indent=indent)


def param_lines(param):
    """The numpydoc lines of one parameter."""
    return [f"{param['name']} : {python_type(param).replace('Literal', 'one of ')}, default {fallback(param)}",
            wrapped(param["help"] + bounds(param), "    ")]


def references(card):
    if not card["source"]:
        return []
    return ["", "References", "----------", *[f"{one.strip()}." for one in card["source"].split(";")]]


def as_docstring(lines):
    body = "\n".join(f"    {line}" if line else "" for text in lines for line in text.split("\n"))
    return f'    r"""{body.strip()}\n    """'

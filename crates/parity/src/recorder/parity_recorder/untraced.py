"""What torch.compile neither traces nor looks into.

`torch.compiler.disable` does the same, but takes microseconds a call, of which a step
has nine, and imports torch._dynamo at the first: a second, where nothing is compiled.
"""

import torch

frames = torch._C._dynamo.eval_frame
set_eval_frame = frames.set_eval_frame


def skip(code):
    """Has torch.compile run this code as it is, where it comes to it."""
    if hasattr(frames, "skip_code"):  # up to 2.6
        frames.skip_code(code)
        return
    action = frames._FrameAction
    how = frames._FrameExecStrategy(action.SKIP, action.DEFAULT)
    frames.set_code_exec_strategy(code, how)


def untraced(function):
    """The function, a guarded one, without torch.compile in it where that comes to it
    by itself: to what traces this, it is always compiling."""
    disabled, compiling = torch._disable_dynamo(function), torch.compiler.is_compiling

    def direct(*args):
        return disabled(*args) if compiling() else function(*args)

    skip(direct.__code__)
    return direct

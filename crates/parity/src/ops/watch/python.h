// Python, where the program has it.

#pragma once

#include <dlfcn.h>

namespace {

// Python's own functions, found in the process: no header of Python's is needed, and a
// program without Python has none. All of them are of the stable interface.
struct Python {
  template <typename F>
  static F* find(const char* name) { return reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name)); }
  int (*is_initialized)() = find<int()>("Py_IsInitialized");
  void* (*this_thread)() = find<void*()>("PyGILState_GetThisThreadState");
  int (*ensure)() = find<int()>("PyGILState_Ensure");
  void (*release)(int) = find<void(int)>("PyGILState_Release");
  void* (*frame)() = find<void*()>("PyEval_GetFrame");
  void* (*back)(void*) = find<void*(void*)>("PyFrame_GetBack");
  void* (*code)(void*) = find<void*(void*)>("PyFrame_GetCode");
  int (*line)(void*) = find<int(void*)>("PyFrame_GetLineNumber");
  int (*last)(void*) = find<int(void*)>("PyFrame_GetLasti");  // from 3.11 on
  void (*keep)(void*) = find<void(void*)>("Py_IncRef");
  void (*drop)(void*) = find<void(void*)>("Py_DecRef");
  void* (*attribute)(void*, const char*) = find<void*(void*, const char*)>("PyObject_GetAttrString");
  const char* (*text)(void*) = find<const char*(void*)>("PyUnicode_AsUTF8");
  void (*clear)() = find<void()>("PyErr_Clear");

  // A thread that Python knows: another one could wait for the interpreter's lock while
  // its holder waits for it.
  bool is_here() const {
    return ensure && frame && back && code && is_initialized() && this_thread();
  }
};

}  // namespace

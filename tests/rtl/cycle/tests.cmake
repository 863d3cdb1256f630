# The cycle machine against the Verilated overlay: cycles of whole networks and of their layers.
rtl_program_test(rtl_cycle ${CMAKE_CURRENT_LIST_DIR}/cycle_test.cpp)

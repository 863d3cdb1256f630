# The large overlay is for real layers; the small ones run many random instructions.
set(conv_tests ${CMAKE_CURRENT_LIST_DIR}/conv_test.cpp)
rtl_test(conv "${conv_tests}" tiny narrow)
rtl_test(conv "${conv_tests};${CMAKE_CURRENT_LIST_DIR}/conv_speed_test.cpp" zcu102)

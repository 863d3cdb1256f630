rtl_test(control ${CMAKE_CURRENT_LIST_DIR}/control_test.cpp tiny narrow)

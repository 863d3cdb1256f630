rtl_test(feature_memory ${CMAKE_CURRENT_LIST_DIR}/feature_memory_test.cpp tiny narrow zcu102)
rtl_test(weight_memory ${CMAKE_CURRENT_LIST_DIR}/weight_memory_test.cpp tiny narrow wide odd)
rtl_test(param_memory ${CMAKE_CURRENT_LIST_DIR}/param_memory_test.cpp tiny)

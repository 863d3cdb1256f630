rtl_program_test(rtl_cosim ${CMAKE_CURRENT_LIST_DIR}/cosim_test.cpp ${CMAKE_CURRENT_LIST_DIR}/fault_test.cpp)
rtl_program_test(rtl_campaign ${CMAKE_CURRENT_LIST_DIR}/campaign_test.cpp)

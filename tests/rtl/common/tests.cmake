rtl_test(slot_scale ${CMAKE_CURRENT_LIST_DIR}/slot_scale_test.cpp tiny narrow)
rtl_test(bank_router ${CMAKE_CURRENT_LIST_DIR}/bank_router_test.cpp tiny narrow)

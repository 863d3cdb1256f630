rtl_test(dma "${CMAKE_CURRENT_LIST_DIR}/features_test.cpp" tiny narrow thin odd wide zcu102)

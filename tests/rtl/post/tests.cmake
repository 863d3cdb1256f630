rtl_test(post ${CMAKE_CURRENT_LIST_DIR}/post_test.cpp tiny narrow bare)

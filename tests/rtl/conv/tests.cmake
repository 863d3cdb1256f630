set(conv_overlays tiny narrow) rtl_test(conv ${CMAKE_CURRENT_LIST_DIR} / conv_test.cpp ${conv_overlays})
    foreach (overlay IN LISTS conv_overlays) target_link_libraries(rtl_conv_${overlay} PRIVATE heddle_sim) endforeach()

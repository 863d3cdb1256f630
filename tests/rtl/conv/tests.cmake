# The large overlay is for real layers; the small ones run many random instructions.
set(conv_tests ${CMAKE_CURRENT_LIST_DIR}/conv_test.cpp)
rtl_test(conv "${conv_tests}" tiny narrow)
rtl_test(conv "${conv_tests};${CMAKE_CURRENT_LIST_DIR}/conv_speed_test.cpp" zcu102)
foreach(overlay tiny narrow zcu102)
  target_link_libraries(rtl_conv_${overlay} PRIVATE heddle_sim)
endforeach()

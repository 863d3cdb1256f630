rtl_test(stencil ${CMAKE_CURRENT_LIST_DIR}/stencil_test.cpp tiny narrow bare single)
foreach(overlay tiny narrow bare single)
  target_sources(rtl_stencil_${overlay} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/stencil_cases.cpp
                                                  ${CMAKE_CURRENT_LIST_DIR}/stencil_rate_test.cpp)
  target_link_libraries(rtl_stencil_${overlay} PRIVATE heddle_sim)
endforeach()
